import Crypto
import OstiaryCore

// A configuration as a list of what it says, for telling two of them apart.
extension Configuration {
    /// One key and its value as text. Secrets are references here as everywhere in a configuration.
    struct Setting: Hashable, Sendable {
        struct Path: Hashable, Sendable {
            /// The keys from the root, as people write them.
            var text = ""
            /// The innermost entry of a list or table that the key belongs to; empty for none.
            var entry = ""

            func key(_ name: String) -> Path {
                Path(text: text.isEmpty ? name : "\(text).\(name)", entry: entry)
            }

            func entry(_ name: String) -> Path {
                let shown = Reading.printable(name)
                let here = shown.utf8.first == UInt8(ascii: "[") ? text + shown : "\(text).\(shown)"
                return Path(text: here, entry: here)
            }
        }

        let path: Path
        /// `nil` where nothing is set.
        let text: String?
    }

    var settings: [Setting] { Self.schema.settings(self, at: Setting.Path()) }

    /// Twelve hex digits (48 bits of SHA-256) over everything that the configuration says: equal for two gates that run
    /// by the same, whatever the order of their providers and models.
    public var digest: String {
        var hash = SHA256()
        for line in settings.map({ "\($0.path.text)\u{0}\($0.text ?? "")\u{0}\($0.text == nil)\n" }).sorted() {
            hash.update(data: Array(line.utf8))
        }
        return Hex.encode(Array(hash.finalize().prefix(6)))
    }

    /// The keys whose values differ, in the order of the reference; an entry that is new or gone is named as a whole.
    public func changes(from former: Configuration) -> [String] {
        let (before, now) = (former.settings, settings)
        let (entriesBefore, entriesNow) = (Set(before.map(\.path.entry)), Set(now.map(\.path.entry)))
        func names(_ settings: [Setting], besides others: [Setting], _ entries: Set<String>) -> [String] {
            let others = Set(others)
            return settings.filter { !others.contains($0) }.map { setting in
                entries.contains(setting.path.entry) ? setting.path.text : setting.path.entry
            }
        }
        var seen: Set<String> = []
        return (names(now, besides: before, entriesBefore) + names(before, besides: now, entriesNow)).filter {
            seen.insert($0).inserted
        }
    }
}

extension Array {
    /// What `root` says at the fields' keys.
    func settings<Root>(_ root: Root, at path: Configuration.Setting.Path) -> [Configuration.Setting]
    where Element == Field<Root> {
        flatMap { $0.settings(root, path.key($0.about.name)) }
    }
}
