# Plainly fake, for the sandbox. Put real ones into TF_VAR_… or a file that is not committed.
anthropic_api_key  = "sk-ant-EXAMPLE-not-a-real-key"
telegram_bot_token = "123456789:EXAMPLE-not-a-real-token"
discord_bot_token  = "EXAMPLE.not-a-real.token"
