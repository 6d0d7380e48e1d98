# Many customers from one map: add an entry and the plan adds four objects, remove one and it deletes them.

terraform {
  required_providers {
    ampere = {
      source = "ampere-sh/ampere"
    }
  }
}

provider "ampere" {}

locals {
  # A trial ends by itself; whoever has no payment method then is asked for one.
  trial_days = 14

  # Customers without a region of their own.
  default_location = "fsn1"
}

resource "ampere_account" "customer" {
  for_each = var.customers

  email = each.value.email
  name  = each.value.name
}

resource "ampere_subscription" "customer" {
  for_each = var.customers

  account    = ampere_account.customer[each.key].id
  price      = each.value.yearly ? "price_hosting_yearly" : "price_hosting_monthly"
  trial_days = local.trial_days
}

resource "ampere_secret" "model" {
  for_each = var.customers

  account  = ampere_account.customer[each.key].id
  kind     = split("/", each.value.model)[0]
  value_wo = var.model_keys[each.key]
}

resource "ampere_instance" "customer" {
  for_each = var.customers

  account          = ampere_account.customer[each.key].id
  subscription     = ampere_subscription.customer[each.key].id
  location         = coalesce(each.value.location, local.default_location)
  server_type      = each.value.server_type
  openclaw_version = var.openclaw_version
  model            = each.value.model
  channels         = {}
  secrets          = [ampere_secret.model[each.key].id]
}
