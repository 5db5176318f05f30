#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Finds a program once, so that what was found is what runs.
public enum Executable {
    /// The absolute path of `name`: itself where it has a slash, else the first executable file in `path`'s folders.
    /// - Throws: `SupervisorFault.notFound`.
    public static func find(_ name: String, path: String?) throws(SupervisorFault) -> String {
        guard !name.isEmpty, !name.utf8.contains(0) else { throw .notFound(name) }
        if name.utf8.contains(UInt8(ascii: "/")) {
            guard let found = absolute(name), isProgram(found) else { throw .notFound(name) }
            return found
        }
        for folder in (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") where folder.hasPrefix("/") {
            let candidate = "\(folder)/\(name)"
            if isProgram(candidate) { return candidate }
        }
        throw .notFound(name)
    }

    private static func absolute(_ path: String) -> String? {
        if path.hasPrefix("/") { return path }
        guard let here = getcwd(nil, 0) else { return nil }
        defer { free(here) }
        return String(cString: here) + "/" + path
    }

    private static func isProgram(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
