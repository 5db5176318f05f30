import Foundation

/// The shared test data, found through `OSTIARY_VECTORS` (default `../shared/vectors` beside the checkout).
public enum Vectors {
    public static let root: String = {
        let environment = ProcessInfo.processInfo.environment["OSTIARY_VECTORS"] ?? ""
        if !environment.isEmpty { return environment }
        let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return checkout.deletingLastPathComponent().appendingPathComponent("shared/vectors").path
    }()

    /// Whether this folder of vectors is here. Tests that need it are enabled by this, with `comment` as the reason.
    public static func has(_ folder: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(root)/\(folder)")
    }

    public static func comment(_ folder: String) -> String {
        "no vectors/\(folder) here: set OSTIARY_VECTORS to run these cases"
    }

    /// The names of the folder's files that match, sorted.
    public static func files(_ folder: String, where matches: (String) -> Bool = { _ in true }) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")) ?? []
        return names.filter(matches).sorted()
    }

    public static func bytes(_ folder: String, _ file: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(folder)/\(file)")))
    }

    public static func decode<Document: Decodable>(_ type: Document.Type, _ folder: String, _ file: String) throws
        -> Document
    {
        try JSONDecoder().decode(type, from: Data(try bytes(folder, file)))
    }
}
