# One customer: an account, a subscription, three sealed secrets and an instance with two channels.
#
#   ampere apply      makes them (in the embedded sandbox, unless clouds are configured)
#   ampere plan       finds nothing left to do
#   ampere destroy    leaves nothing behind

terraform {
  required_providers {
    ampere = {
      source = "ampere-sh/ampere"
    }
  }
}

provider "ampere" {}

resource "ampere_account" "ada" {
  email = "ada@example.com"
  name  = "Ada Lovelace"
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

resource "ampere_secret" "discord" {
  account  = ampere_account.ada.id
  kind     = "discord"
  value_wo = var.discord_bot_token
}

resource "ampere_instance" "ada" {
  account          = ampere_account.ada.id
  subscription     = ampere_subscription.ada.id
  location         = "nbg1"
  server_type      = "cx23"
  openclaw_version = "2026.9.6"
  model            = "anthropic/claude-sonnet-4-6"

  channels = {
    telegram = { allow_from = ["123456789"] }
    discord  = { allow_from = ["123456789012345678"] }
  }

  secrets = [
    ampere_secret.anthropic.id,
    ampere_secret.telegram.id,
    ampere_secret.discord.id,
  ]
}
