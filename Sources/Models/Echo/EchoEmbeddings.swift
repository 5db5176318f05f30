import OstiaryCore

/// `/v1/embeddings`: a unit vector made from a hash of each input. Equal inputs have equal vectors; nothing else about
/// them means anything.
struct EchoEmbeddings {
    private static let standardDimensions = 256
    /// The most numbers in one answer.
    private static let most = 1 << 20

    private let context: EchoContext
    private let inputs: [EchoInput]
    private let dimensions: Int
    private let isBase64: Bool

    init(_ request: EchoMembers, _ context: EchoContext) throws(EchoFault) {
        self.context = context
        inputs = try EchoInput.read(request, "input", most: 2048)
        if inputs.contains(where: { $0.text.isEmpty }) { throw .value("input", "no empty string") }
        dimensions = try request.integer("dimensions", in: 1...3072) ?? Self.standardDimensions
        guard inputs.count * dimensions <= Self.most else {
            throw .value("input", "at most \(Self.most / dimensions) elements with this many dimensions")
        }
        switch try request.text("encoding_format") ?? "float" {
        case "float": isBase64 = false
        case "base64": isBase64 = true
        default: throw .value("encoding_format", "'float' or 'base64'")
        }
    }

    var answer: EchoAnswer {
        let tokens = inputs.reduce(0) { $0 + $1.tokens }
        let data = inputs.enumerated()
            .map { index, input in
                let vector = Self.vector(input.text, dimensions)
                return JSONValue.members(
                    ("object", .string("embedding")),
                    ("index", .integer(index)),
                    (
                        "embedding",
                        isBase64
                            ? .string(Self.base64(vector))
                            : .array(vector.map { .number(JSONNumber(text: "\($0)")) })
                    )
                )
            }
        return .whole(
            .members(
                ("object", .string("list")),
                ("data", .array(data)),
                ("model", .string(context.model)),
                ("usage", .members(("prompt_tokens", .integer(tokens)), ("total_tokens", .integer(tokens))))
            )
        )
    }

    /// Numbers between -1 and 1 from FNV-1a and SplitMix64, scaled to length 1.
    static func vector(_ text: String, _ dimensions: Int) -> [Float] {
        var state: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
        var numbers: [Double] = []
        for _ in 0..<dimensions {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            mixed ^= mixed >> 31
            // The lowest bit set, so that no vector has length 0.
            numbers.append(Double(Int64(bitPattern: mixed | 1)) / 0x1p63)
        }
        let length = numbers.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return numbers.map { Float($0 / length) }
    }

    /// The vector's numbers as 32 bits each, lowest byte first, in base64 (RFC 4648 section 4).
    static func base64(_ vector: [Float]) -> String {
        let bytes = vector.flatMap { number in
            (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * UInt32($0))) }
        }
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count / 3 * 4 + 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            bits <<= 8 * UInt32(3 - group.count)
            for place in 0..<4 {
                let digit = Int(bits >> (18 - 6 * UInt32(place)) & 63)
                text.append(place <= group.count ? alphabet[digit] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
