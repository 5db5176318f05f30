import NIOCore
import OstiaryCore
import OstiaryWire

/// A call's body: JSON, and beside it the key that stood in it. The key is taken out of the bytes before anything reads
/// them as JSON, as text cannot be wiped (SEC-404).
struct AdminBody: Sendable {
    /// The body, with a stand-in where the key was; `nil` for a call without one.
    let json: JSONObject?
    private let holder: SecretHolder?

    static let none = AdminBody(json: nil, holder: nil)

    /// The most bytes of a body: a key of 8 KiB in the longest spelling, and as much again.
    static let limit = 64 << 10

    /// The key, where one was given.
    var secret: Secret? {
        guard let holder else { return nil }
        return Loan.withBytes(of: holder) { Secret(copying: $0) }
    }

    subscript(_ name: String) -> JSONValue? { json?[name] }

    /// - Parameter shape: what the body must be.
    static func read(_ body: RequestBody, _ shape: Shape, isOptional: Bool) async throws(AdminError) -> AdminBody {
        var bytes: [UInt8] = []
        // An array that grows leaves copies behind.
        bytes.reserveCapacity(limit + 1)
        defer { for index in bytes.indices { bytes[index] = 0 } }
        do throws(GateError) {
            while let piece = try await body.next() {
                guard bytes.count + piece.readableBytes <= limit else { throw GateError(.bodyTooLarge) }
                bytes.append(contentsOf: piece.readableBytesView)
            }
        } catch {
            throw AdminError(error)
        }
        if bytes.isEmpty, isOptional { return .none }
        return try parse(&bytes, shape)
    }

    static func parse(_ bytes: inout [UInt8], _ shape: Shape) throws(AdminError) -> AdminBody {
        let holder = SecretMember.take("api_key", from: &bytes)
        let value: JSONValue
        do throws(JSONFault) {
            value = try JSONReader.read(bytes.span)
        } catch {
            throw AdminError(.invalidBody, "it is not JSON")
        }
        if let fault = shape.fault(in: value) {
            throw AdminError(
                .invalidBody,
                "\(fault.path) \(fault.reason)",
                details: .members(("path", .string(fault.path)), ("reason", .string(fault.reason)))
            )
        }
        // Spelled in a way that was not found, and so read as text: nobody writes it so.
        guard holder != nil || value.object?["api_key"]?.string == nil else {
            throw AdminError(.invalidBody, "the name api_key must be spelled without escapes")
        }
        return AdminBody(json: value.object, holder: holder)
    }
}

/// Takes the text of one member out of the bytes of a JSON object.
enum SecretMember {
    /// - Parameter bytes: left with a stand-in of as many letters; unchanged where there is no such member, or no text in
    ///   it. What is no JSON is found so by whoever reads the rest.
    static func take(_ name: String, from bytes: inout [UInt8]) -> SecretHolder? {
        guard let range = find(Array(name.utf8), in: bytes) else { return nil }
        var plain = [UInt8](repeating: 0, count: range.count)
        defer { for index in plain.indices { plain[index] = 0 } }
        var count = 0
        var index = range.lowerBound
        while index < range.upperBound {
            plain[count] = unescaped(bytes, &index, range.upperBound)
            count += 1
        }
        for index in range { bytes[index] = UInt8(ascii: "x") }
        return SecretHolder(Secret(copying: plain.span.extracting(0..<count)))
    }

    /// What lies between the quotes of the member's text.
    private static func find(_ name: [UInt8], in bytes: [UInt8]) -> Range<Int>? {
        var depth = 0
        var index = 0
        var isName = false
        var isWanted = false
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                isName = depth == 1 && bytes[index] == UInt8(ascii: "{")
                isWanted = false
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                isWanted = false
            case UInt8(ascii: ","):
                isName = depth == 1
                isWanted = false
            case UInt8(ascii: ":"): isName = false
            case UInt8(ascii: "\""):
                let start = index + 1
                index = start
                while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                    index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
                }
                guard index < bytes.count else { return nil }
                if depth == 1, isName {
                    isWanted = bytes[start..<index].elementsEqual(name)
                } else if isWanted {
                    return start..<index
                }
            default: break
            }
            index += 1
        }
        return nil
    }

    /// The next byte, escapes undone; 0 for what can stand in no key.
    private static func unescaped(_ bytes: [UInt8], _ index: inout Int, _ end: Int) -> UInt8 {
        let byte = bytes[index]
        index += 1
        guard byte == UInt8(ascii: "\\"), index < end else { return byte }
        let escape = bytes[index]
        index += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return escape
        case UInt8(ascii: "u"):
            guard index + 4 <= end else {
                index = end
                return 0
            }
            var value = 0
            for digit in bytes[index..<index + 4] { value = value << 4 | Int(Hex.value(of: digit) ?? 0xff) }
            index += 4
            return UInt8(exactly: value).flatMap { $0 < 0x80 ? $0 : nil } ?? 0
        default: return 0
        }
    }
}
