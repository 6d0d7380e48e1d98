output "address" {
  description = "Where the instance is."
  value       = ampere_instance.ada.ipv4
}

output "subscription_status" {
  value = ampere_subscription.ada.status
}

output "key_fingerprint" {
  description = "Tells two keys apart without showing either."
  value       = ampere_secret.anthropic.fingerprint
}
