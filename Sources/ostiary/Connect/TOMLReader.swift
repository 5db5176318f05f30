import OstiaryCore

/// Divides TOML (v1.0.0) into statements: finds where keys, heads of tables and values end, and nothing more.
struct TOMLReader {
    private let bytes: [UInt8]
    private var at = 0
    private var line = 1

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The next statement, up to and with its line end; `nil` at the end.
    mutating func next() throws(TOMLSheet.Fault) -> TOMLSheet.Statement? {
        guard at < bytes.count else { return nil }
        let start = at
        skipBlanks()
        let kind: TOMLSheet.Statement.Kind
        switch peek {
        case nil, UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "#"): kind = .blank
        case UInt8(ascii: "["):
            at += 1
            let isList = peek == UInt8(ascii: "[")
            if isList { at += 1 }
            kind = .table(try name())
            for _ in 0..<(isList ? 2 : 1) { try take(UInt8(ascii: "]"), "the head of a table does not end") }
        default:
            kind = .key(try name())
            try take(UInt8(ascii: "="), "a key has no value")
            try value()
        }
        try endLine()
        return TOMLSheet.Statement(kind: kind, bytes: Array(bytes[start..<at]))
    }

    private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    private func fault(_ sentence: String) -> TOMLSheet.Fault { TOMLSheet.Fault(line: line, sentence: sentence) }

    private mutating func skipBlanks() {
        while peek == UInt8(ascii: " ") || peek == UInt8(ascii: "\t") { at += 1 }
    }

    private mutating func take(_ octet: UInt8, _ sentence: String) throws(TOMLSheet.Fault) {
        guard peek == octet else { throw fault(sentence) }
        at += 1
    }

    /// A name of parts divided by dots, each bare or in quotes.
    private mutating func name() throws(TOMLSheet.Fault) -> [String] {
        var parts: [String] = []
        while true {
            skipBlanks()
            let start = at
            switch peek {
            case UInt8(ascii: "\"")?, UInt8(ascii: "'")?:
                let quote = bytes[at]
                try string()
                let inner = Array(bytes[(start + 1)..<(at - 1)])
                // An escape could spell any name in another way.
                guard quote == UInt8(ascii: "'") || !inner.contains(UInt8(ascii: "\\")) else {
                    throw fault("a key has an escape in it, which is not understood here")
                }
                parts.append(String(decoding: inner, as: UTF8.self))
            default:
                while let octet = peek, Self.isBare(octet) { at += 1 }
                guard at > start else { throw fault("this is no key") }
                parts.append(String(decoding: bytes[start..<at], as: UTF8.self))
            }
            skipBlanks()
            guard peek == UInt8(ascii: ".") else { return parts }
            at += 1
        }
    }

    private static func isBare(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Goes behind a value: to the end of its line, or over lines where brackets and long strings are open.
    private mutating func value() throws(TOMLSheet.Fault) {
        var depth = 0
        skipBlanks()
        guard let first = peek, first != UInt8(ascii: "\n"), first != UInt8(ascii: "\r"), first != UInt8(ascii: "#")
        else { throw fault("a key has no value") }
        while let octet = peek {
            switch octet {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): try string()
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                at += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                guard depth > 0 else { throw fault("a bracket closes nothing") }
                depth -= 1
                at += 1
            case UInt8(ascii: "#"):
                guard depth > 0 else { return }
                skipComment()
            case UInt8(ascii: "\n"):
                guard depth > 0 else { return }
                at += 1
                line += 1
            default: at += 1
            }
        }
        guard depth == 0 else { throw fault("a bracket is not closed") }
    }

    private mutating func string() throws(TOMLSheet.Fault) {
        let quote = bytes[at]
        let isLong = bytes[at...].prefix(3).elementsEqual([quote, quote, quote])
        at += isLong ? 3 : 1
        while let octet = peek {
            if octet == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                if at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "\n") { line += 1 }
                at += 2
            } else if octet == quote, !isLong {
                at += 1
                return
            } else if octet == quote, bytes[at...].prefix(3).elementsEqual([quote, quote, quote]) {
                at += 3
                // Up to two more belong to the string itself.
                for _ in 0..<2 where peek == quote { at += 1 }
                return
            } else {
                if octet == UInt8(ascii: "\n") {
                    guard isLong else { break }
                    line += 1
                }
                at += 1
            }
        }
        throw fault("a string does not end")
    }

    private mutating func skipComment() {
        while let octet = peek, octet != UInt8(ascii: "\n") { at += 1 }
    }

    private mutating func endLine() throws(TOMLSheet.Fault) {
        skipBlanks()
        if peek == UInt8(ascii: "#") { skipComment() }
        if peek == UInt8(ascii: "\r") { at += 1 }
        guard let octet = peek else { return }
        guard octet == UInt8(ascii: "\n") else { throw fault("something follows where the line should end") }
        at += 1
        line += 1
    }
}
