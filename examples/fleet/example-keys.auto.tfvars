# Plainly fake, for the sandbox.
model_keys = {
  ada    = "sk-ant-EXAMPLE-not-a-real-key-1"
  grace  = "sk-ant-EXAMPLE-not-a-real-key-2"
  edsger = "sk-EXAMPLE-not-a-real-key-3"
}
