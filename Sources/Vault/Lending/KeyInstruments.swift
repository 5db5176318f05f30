import OstiaryCore

/// The numbers of the keys: few, whatever number of keys there is, as the status names each.
enum KeyInstruments {
    static func all(_ rings: [KeyRing]) -> [Instrument] {
        let count = Double(rings.reduce(0) { $0 + $1.keys.count })
        return [Instrument("gw_vault_keys", .gauge, "Keys that the vault has a place for.") { count }]
            + KeyStatus.State.allCases.map { state in
                Instrument(
                    "gw_vault_keys_by_state",
                    .gauge,
                    "Keys by how they fare; the status names each.",
                    labels: [("state", state.rawValue)]
                ) {
                    Double(rings.reduce(0) { $0 + $1.statuses.count { $0.state == state } })
                }
            }
    }
}
