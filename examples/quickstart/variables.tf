# Keys and tokens are ephemeral: they are used once, sealed, and stand in no plan and no state.

variable "anthropic_api_key" {
  description = "API key of the model provider."
  type        = string
  ephemeral   = true
}

variable "telegram_bot_token" {
  description = "Token of the Telegram bot."
  type        = string
  ephemeral   = true
}

variable "discord_bot_token" {
  description = "Token of the Discord bot."
  type        = string
  ephemeral   = true
}
