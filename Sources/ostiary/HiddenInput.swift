import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A secret from standard input, not shown where that is a terminal.
enum HiddenInput {
    /// The most bytes of a secret, with its line end.
    private static let limit = 8194

    private static let interrupt: UInt8 = 3

    /// The first line, without its end.
    /// - Returns: `nil` when there is none, a second one, or too much.
    static func read(prompt: String) -> Secret? {
        let isTerminal = isatty(0) == 1
        var before = termios()
        if isTerminal {
            Voice.standard.err(prompt)
            guard tcgetattr(0, &before) == 0 else { return nil }
            var silent = before
            // An interrupt would leave the terminal without echo: its character ends the line instead.
            silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
            withUnsafeMutableBytes(of: &silent.c_cc) { $0[Int(VEOL)] = interrupt }
            guard tcsetattr(0, TCSAFLUSH, &silent) == 0 else { return nil }
        }
        defer {
            if isTerminal {
                tcsetattr(0, TCSAFLUSH, &before)
                Voice.standard.err("\n")
            }
        }
        return line(of: 0, isTerminal: isTerminal)
    }

    /// The first line that can be read from a descriptor which the caller of the program opened.
    static func read(descriptor: Int32) -> Secret? { line(of: descriptor, isTerminal: false) }

    private static func line(of descriptor: Int32, isTerminal: Bool) -> Secret? {
        // At its full size from the start: an array that grows leaves copies behind.
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        defer { for index in bytes.indices { bytes[index] = 0 } }
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes {
                SystemCall.read(descriptor, UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
            if count == 0 { break }
            if count > 0 { filled += count } else if errno != EINTR { return nil }
            guard isTerminal, filled > 0 else { continue }
            if bytes[filled - 1] == interrupt { return nil }
            if bytes[filled - 1] == UInt8(ascii: "\n") { break }
        }
        guard filled <= limit else { return nil }
        if filled > 0, bytes[filled - 1] == UInt8(ascii: "\n") { filled -= 1 }
        if filled > 0, bytes[filled - 1] == UInt8(ascii: "\r") { filled -= 1 }
        guard filled > 0, !bytes[..<filled].contains(UInt8(ascii: "\n")) else { return nil }
        return Secret(copying: bytes.span.extracting(0..<filled))
    }
}
