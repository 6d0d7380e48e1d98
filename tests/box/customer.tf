variable "anthropic_api_key" {
  type      = string
  ephemeral = true
}

variable "telegram_bot_token" {
  type      = string
  ephemeral = true
}

provider "ampere" {}

resource "ampere_account" "ada" {
  email = "ada@example.com"
}

resource "ampere_subscription" "ada" {
  account    = ampere_account.ada.id
  price      = "price_hosting_monthly"
  trial_days = 14
}

resource "ampere_secret" "anthropic" {
  account  = ampere_account.ada.id
  kind     = "anthropic"
  value_wo = var.anthropic_api_key
}

resource "ampere_secret" "telegram" {
  account  = ampere_account.ada.id
  kind     = "telegram"
  value_wo = var.telegram_bot_token
}

resource "ampere_instance" "ada" {
  account          = ampere_account.ada.id
  subscription     = ampere_subscription.ada.id
  location         = "nbg1"
  server_type      = "cx23"
  openclaw_version = "2026.9.5"
  model            = "anthropic/claude-sonnet-4-6"

  channels = {
    telegram = { allow_from = ["123456789"] }
  }

  secrets = [ampere_secret.anthropic.id, ampere_secret.telegram.id]
}
