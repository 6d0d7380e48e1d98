customers = {
  ada    = { email = "ada@example.com", name = "Ada Lovelace" }
  grace  = { email = "grace@example.com", yearly = true, location = "hel1" }
  edsger = { email = "edsger@example.com", server_type = "cx33", model = "openai/gpt-5.4" }
}
