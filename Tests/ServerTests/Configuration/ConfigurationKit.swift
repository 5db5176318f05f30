import Foundation
import OstiaryServer

/// Reads configurations in a small world of its own.
enum Kit {
    /// Files that exist, by path; a path that ends in a slash is a folder.
    static func surroundings(_ variables: [String: String] = [:], files: [String: String] = [:])
        -> Configuration.Surroundings
    {
        Configuration.Surroundings(
            variables: variables,
            read: { path, limit in files[path].map { Array($0.utf8.prefix(limit + 1)) } },
            look: { path in
                if files[path + "/"] != nil { return .folder }
                guard let content = files[path] else { return .missing }
                return content.isEmpty ? .empty : .file
            }
        )
    }

    static func read(
        _ yaml: String?,
        _ variables: [String: String] = [:],
        flags: [String: String] = [:],
        files: [String: String] = [:],
        mode: Configuration.Mode = .serving,
        file: String = "ostiary.yaml"
    ) throws(Configuration.Faults) -> Configuration {
        try Configuration.read(
            Array((yaml ?? "").utf8),
            file: yaml == nil ? nil : file,
            flags: flags,
            mode: mode,
            surroundings: surroundings(variables, files: files)
        )
    }

    /// The faults as a terminal shows them; empty when the configuration is good.
    static func faults(
        _ yaml: String?,
        _ variables: [String: String] = [:],
        flags: [String: String] = [:],
        files: [String: String] = [:],
        mode: Configuration.Mode = .serving
    ) -> [String] {
        do throws(Configuration.Faults) {
            _ = try read(yaml, variables, flags: flags, files: files, mode: mode)
            return []
        } catch {
            return error.all.map(\.description)
        }
    }

    /// The checkout's folder.
    static let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(checkout)/\(path)", encoding: .utf8)
    }

    /// The least that serves: an issuer and the echo provider.
    static let least = """
        identity: {jwt: [{issuer: "https://idp.example", jwks: "https://idp.example/keys"}]}
        providers: {local: {kind: echo}}

        """
}
