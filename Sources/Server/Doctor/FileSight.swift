import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that the gate reads, seen from outside: who may read and who may change it.
struct FileSight {
    enum Role {
        /// Others may read it, and nobody else may change it.
        case configuration
        /// Nobody else may read it.
        case secret
        /// Others may read it; whoever can change it decides who may enter.
        case trusted
        /// The admin door's: whoever may write to it may use the door. It is there only while a gate is.
        case socket
    }

    let path: String
    let role: Role

    var findings: [Finding] {
        var status = stat()
        let shown = Reading.printable(path, most: 256)
        guard stat(path, &status) == 0 else {
            if role == .socket { return [] }
            let why = errno == EACCES ? "cannot be reached" : "does not exist"
            return [Finding(.files, .system, "\(shown) \(why)", remedy: "ls -ld \(Shell.quoted(path))")]
        }
        guard access(path, R_OK) == 0 else {
            return [
                Finding(.files, .system, "\(shown) cannot be read by this user", remedy: "ls -l \(Shell.quoted(path))")
            ]
        }
        let mode = UInt32(status.st_mode) & 0o7777
        let said = "mode \(String(mode & 0o777, radix: 8))"
        var findings: [Finding] = []
        if status.st_uid != geteuid(), status.st_uid != 0 {
            findings.append(
                Finding(
                    .files,
                    .system,
                    "\(shown) belongs to another user, who can change it",
                    remedy: "chown \(geteuid()) \(Shell.quoted(path))"
                )
            )
        }
        if role == .socket {
            guard mode & 0o077 == 0 else {
                let remedy = "chmod 600 \(Shell.quoted(path))"
                return [Finding(.files, .system, "\(shown) can be used by others (\(said))", remedy: remedy)]
            }
            return findings + folder
        }
        if role == .secret, mode & 0o077 != 0 {
            findings.append(
                Finding(
                    .files,
                    .system,
                    "\(shown) holds a secret and can be read by others (\(said))",
                    remedy: "chmod 600 \(Shell.quoted(path))"
                )
            )
        } else if mode & 0o022 != 0 {
            findings.append(
                Finding(
                    .files,
                    .system,
                    "\(shown) can be changed by others (\(said))",
                    remedy: "chmod go-w \(Shell.quoted(path))"
                )
            )
        }
        if findings.isEmpty { findings += folder }
        guard findings.isEmpty else { return findings }
        return [Finding(.files, .good, "\(shown) can be read, and changed by nobody else (\(said))")]
    }

    /// Whoever can write to the folder can put another file in this one's place; a sticky folder lets nobody.
    private var folder: [Finding] {
        let folder = FilePath.folder(of: path)
        var status = stat()
        guard stat(folder, &status) == 0 else { return [] }
        let mode = UInt32(status.st_mode)
        guard mode & 0o022 != 0, mode & UInt32(S_ISVTX) == 0 else { return [] }
        return [
            Finding(
                .files,
                .system,
                "others can put another file in the place of \(Reading.printable(path, most: 256))",
                remedy: "chmod go-w \(Shell.quoted(folder))"
            )
        ]
    }
}
