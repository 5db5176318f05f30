// Finding a running gate by its file.
extension Configuration {
    /// Where the admin door of a gate with this file is: its socket where it has one, else its address. Nothing else of the
    /// file has to be right, as a file with faults is when somebody asks; without a file, or without an answer in it, the
    /// default.
    public static func adminDoor(of file: String?, surroundings: Surroundings) -> LoopbackDoor {
        var reading = Reading(file: file, variables: surroundings.variables, flags: [:])
        var configuration = Configuration()
        let fields = schema.filter { $0.about.name.utf8.elementsEqual("admin".utf8) }
        if let file, let bytes = surroundings.read(file, Document.largest),
            let (root, twins) = Document.compose(bytes, &reading)
        {
            reading.section(root, twins, fields, later: [], into: &configuration)
            configuration.settlePaths(besides: file)
        }
        reading.override(fields, &configuration)
        if let socket = configuration.admin.socket, (1...107).contains(socket.utf8.count) { return .socket(socket) }
        let address = configuration.admin.address
        return .address(address.isLoopback && address.port > 0 ? address : Configuration().admin.address)
    }
}
