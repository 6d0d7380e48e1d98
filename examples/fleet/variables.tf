variable "customers" {
  description = "Customers by a short name that never changes."

  type = map(object({
    email       = string
    name        = optional(string)
    yearly      = optional(bool, false)
    location    = optional(string)
    server_type = optional(string, "cx23")
    model       = optional(string, "anthropic/claude-sonnet-4-6")
  }))

  validation {
    condition     = alltrue([for name, _ in var.customers : can(regex("^[a-z][a-z0-9-]*$", name))])
    error_message = "Names of customers are lower-case letters, digits and dashes, beginning with a letter."
  }
}

variable "model_keys" {
  description = "Key of the model provider, by customer."
  type        = map(string)
  ephemeral   = true
}

variable "openclaw_version" {
  description = "The version that all instances run."
  type        = string
  default     = "2026.9.6"
}
