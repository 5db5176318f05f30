import ArgumentParser

/// `ostiary vault`: what rests in the gate's own sealed store. A key goes in and is never shown again.
struct VaultCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vault",
        abstract: "keep the providers' keys in a sealed file",
        discussion: """
            the store is one file that a master key in another folder opens; both are named by the configuration's \
            vault.file and vault.key_file, or by --file and --key-file

              ostiary vault create --config ostiary.yaml
              ostiary vault add openai --config ostiary.yaml < key.txt
              ostiary vault list --config ostiary.yaml

            a running gate takes changes up with: ostiary reload
            """,
        subcommands: [
            VaultCreate.self, VaultAdd.self, VaultList.self, VaultTest.self, VaultRemove.self, VaultRotate.self,
            VaultImport.self, VaultSeal.self, VaultOpen.self, VaultAudit.self,
        ]
    )
}
