/// The environment of a child: what is on a list of harmless variables, and what was given. Whatever else this process
/// has, keys among it, stays here.
public enum ChildEnvironment {
    /// Where programs are, whose home it is, the language, the time zone, where to write, the way out and whom to believe.
    public static let allowed: Set<String> = [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "NO_COLOR", "LANG", "LANGUAGE", "TZ", "TMPDIR",
        "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME",
        "http_proxy", "https_proxy", "no_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
    ]

    /// - Parameters:
    ///   - own: the environment of this process.
    ///   - passed: further names that are passed on.
    ///   - given: variables that are set whatever this process has.
    public static func make(
        from own: [String: String],
        passing passed: some Sequence<String> = [],
        given: [String: String] = [:]
    ) -> [String: String] {
        let names = allowed.union(passed)
        var made = own.filter { names.contains($0.key) || $0.key.hasPrefix("LC_") }
        for (name, value) in given { made[name] = value }
        return made.filter { isName($0.key) && !$0.value.utf8.contains(0) }
    }

    /// Whether a shell would take this for a variable's name (POSIX 3.216), at most 128 characters of it.
    public static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 128, !(0x30...0x39 ~= first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "_"): true
            default: false
            }
        }
    }
}
