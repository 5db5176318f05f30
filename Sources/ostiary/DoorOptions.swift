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

extension LoopbackDoor {
    /// The door that was named, or else the one in the file, or else where a gate's door usually is.
    static func named(_ admin: String?, config: String?) throws -> LoopbackDoor {
        guard let admin else { return Configuration.adminDoor(of: config, surroundings: Machine.surroundings) }
        guard let door = LoopbackDoor(parsing: admin) else {
            throw ValidationError(
                "--admin must be a door on this machine. Such as 127.0.0.1:8123 or unix:/run/ostiary.sock"
            )
        }
        return door
    }
}
