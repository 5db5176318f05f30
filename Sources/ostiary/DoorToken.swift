import ArgumentParser
import OstiaryServer
import OstiaryVault

/// The token for an admin door that is not reached by its socket file.
struct DoorToken: ParsableArguments {
    @Option(
        help: ArgumentHelp("the file with the daemon's token, over daemon.token_file", valueName: "file"),
        completion: .file()
    )
    var tokenFile: String?

    /// Where it lies: the file that was named, the configuration's, or the usual place; empty where there is none.
    static func path(_ file: String?, config: String?) -> String {
        let named = file ?? Configuration.daemon(of: config, surroundings: Machine.surroundings).tokenFile
        guard named.isEmpty else { return named }
        return Machine.variables["HOME"].map { "\($0)/.ostiary/token" } ?? ""
    }

    /// - Returns: `nil` where there is no such file, or nothing in it.
    static func read(_ file: String?, config: String?) throws(StoreFault) -> String? {
        let path = path(file, config: config)
        guard !path.isEmpty, let bytes = try OwnersFile(path: path).read(limit: 8194) else { return nil }
        let text = String(decoding: bytes.filter { (0x21...0x7e).contains($0) }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }
}
