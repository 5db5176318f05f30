// Finding a running gate by its file.
extension Configuration {
    /// Where the admin door of a gate with this file is: its socket where it has one, else its address. Nothing else of the
    /// file has to be right, as a file with faults is when somebody asks; without a file, or without an answer in it, the
    /// default.
    public static func adminDoor(of file: String?, surroundings: Surroundings) -> LoopbackDoor {
        let admin = section("admin", of: file, surroundings: surroundings).admin
        if let socket = admin.socket, (1...107).contains(socket.utf8.count) { return .socket(socket) }
        let address = admin.address
        return .address(address.isLoopback && address.port > 0 ? address : Configuration().admin.address)
    }
}
