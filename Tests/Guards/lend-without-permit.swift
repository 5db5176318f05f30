// expect: missing argument for parameter 'for' in call
// SEC-002
import OstiaryVault

func lend(_ vault: Vault) throws -> Int {
    try vault.lend("openai").withBytes { $0.count }
}
