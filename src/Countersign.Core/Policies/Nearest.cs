namespace Countersign.Core.Policies;

/// <summary>Guesses which known name a misspelt one was meant to be.</summary>
internal static class Nearest
{
    private const int LongestGuess = 64;

    /// <summary>The known name that a third of its letters or less sets apart from what was written, if any.</summary>
    public static string? To(string written, IEnumerable<string> known)
    {
        if (written.Length > LongestGuess)
        {
            return null;
        }

        return known
            .Select(name => (Name: name, Distance: Distance(written.ToLowerInvariant(), name.ToLowerInvariant())))
            .Where(guess => guess.Distance <= Math.Max(1, Math.Max(guess.Name.Length, written.Length) / 3))
            .OrderBy(guess => guess.Distance)
            .ThenBy(guess => guess.Name, StringComparer.Ordinal)
            .Select(guess => guess.Name)
            .FirstOrDefault();
    }

    /// <summary>Levenshtein's distance where two neighbouring letters that changed places count once.</summary>
    private static int Distance(string left, string right)
    {
        var distances = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            for (var j = 0; j <= right.Length; j++)
            {
                distances[i, j] = i == 0 || j == 0 ? i + j : Cell(distances, left, right, i, j);
            }
        }

        return distances[left.Length, right.Length];
    }

    private static int Cell(int[,] distances, string left, string right, int i, int j)
    {
        var changed = distances[i - 1, j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
        var best = Math.Min(changed, Math.Min(distances[i - 1, j], distances[i, j - 1]) + 1);
        var swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
        return swapped ? Math.Min(best, distances[i - 2, j - 2] + 1) : best;
    }
}
