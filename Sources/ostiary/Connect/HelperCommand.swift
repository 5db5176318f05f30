import OstiaryCore
import OstiaryServer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How another program calls `ostiary token`: the command that stands where others keep a key.
struct HelperCommand: Hashable {
    let words: [String]

    /// - Parameters:
    ///   - client: what the token is for.
    ///   - admin: the admin door, where it is not the usual one.
    init(client: String, admin: String? = nil, program: String) {
        var words = [program, "token", "--for", client]
        if let admin { words += ["--admin", admin] }
        self.words = words
    }

    /// For a POSIX shell.
    var line: String { words.map { Self.isPlain($0) ? $0 : Shell.quoted($0) }.joined(separator: " ") }

    private static func isPlain(_ word: String) -> Bool {
        !word.isEmpty
            && word.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "/"),
                    UInt8(ascii: "."), UInt8(ascii: ":"):
                    true
                default: false
                }
            }
    }

    /// How this program is called: by its name where that finds this very file, else by its path.
    static func program(path: String?) -> String {
        guard let own = FilePath.real("/proc/self/exe") ?? FilePath.real(CommandLine.arguments.first ?? "") else {
            return "ostiary"
        }
        for folder in (path ?? "").split(separator: ":") where folder.first == "/" {
            // The first of the name is the one that a shell takes.
            let place = "\(folder)/ostiary"
            guard access(place, X_OK) == 0 else { continue }
            if FilePath.real(place) == own { return "ostiary" }
            break
        }
        return own
    }
}
