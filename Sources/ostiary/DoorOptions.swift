import ArgumentParser
import OstiaryServer

/// Where a running gate's admin door is.
struct DoorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("the configuration file that names the admin door", valueName: "file"),
        completion: .file()
    )
    var config: String?

    @Option(help: ArgumentHelp("the gate's admin door", valueName: "host:port or unix:path"))
    var admin: String?

    /// The door that was named, or where one usually is.
    var door: LoopbackDoor {
        get throws { try .named(admin, config: config) }
    }
}
