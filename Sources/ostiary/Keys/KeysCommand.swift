import ArgumentParser

/// `ostiary keys`: virtual keys, for clients that can do no better than a static one.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "make and end virtual keys, for clients that can do no better",
        discussion: """
            a key is shown once, when it is made; the file that identity.keys names keeps a keyed hash of it. A running \
            gate knows of every change within a second

              ostiary keys add ci --config ostiary.yaml --models 'gpt-*' --requests-per-minute 30
              ostiary keys list --config ostiary.yaml
              ostiary keys revoke ci --config ostiary.yaml

            a client that can get tokens by itself needs no key: ostiary connect, and workload identity
            """,
        subcommands: [KeysAdd.self, KeysList.self, KeysShow.self, KeysRotate.self, KeysRevoke.self]
    )
}
