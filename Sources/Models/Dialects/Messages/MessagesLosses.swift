import OstiaryCore

/// What becomes of members of a Messages request that no other dialect has.
enum MessagesLosses {
    static func note(_ extra: Exchange.Extra, _ losses: inout Losses) throws(GateError) {
        switch extra.name {
        case "metadata":
            for below in extra.value.extras(except: ["user_id"]) where !below.value.isNull {
                losses.hint("metadata.\(below.name)")
            }
        case "cache_control", "context_management", "container", "mcp_servers", "diagnostics", "speed",
            "inference_geo", "betas":
            losses.hint(extra.name)
        default: try losses.asked(extra.name)
        }
    }
}
