output "addresses" {
  value = { for name, instance in ampere_instance.customer : name => instance.ipv4 }
}

output "by_location" {
  value = { for name, instance in ampere_instance.customer : instance.location => name... }
}
