/// Guesses what somebody meant to write.
public enum Nearest {
    /// The candidate that `word` most likely stands for, or `nil` when none is near.
    public static func to(_ word: String, among candidates: [String]) -> String? {
        let plain = simplified(word)
        guard !plain.isEmpty, plain.count <= 64 else { return nil }
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let distance = distance(plain, simplified(candidate))
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        guard let best, best.distance < plain.count, best.distance <= max(1, plain.count / 3) else { return nil }
        return best.name
    }

    static func areOneWord(_ left: String, _ right: String) -> Bool {
        simplified(left) == simplified(right)
    }

    /// Letters and digits in lower case: `base-url`, `baseUrl` and `base_url` are one word.
    private static func simplified(_ word: String) -> [UInt8] {
        word.lowercased().utf8.filter(Form<String>.isAlphanumeric)
    }

    /// How many letters must be added, dropped, changed or swapped with their neighbour.
    private static func distance(_ from: [UInt8], _ to: [UInt8]) -> Int {
        var before: [Int] = []
        var row = Array(0...to.count)
        for i in 0..<from.count {
            var next = [i + 1]
            for j in 0..<to.count {
                var cost = min(row[j] + (from[i] == to[j] ? 0 : 1), row[j + 1] + 1, next[j] + 1)
                if i > 0, j > 0, from[i] == to[j - 1], from[i - 1] == to[j] { cost = min(cost, before[j - 1] + 1) }
                next.append(cost)
            }
            (before, row) = (row, next)
        }
        return row[to.count]
    }
}
