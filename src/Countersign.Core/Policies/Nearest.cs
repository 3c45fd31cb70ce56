namespace Countersign.Core.Policies;

/// <summary>
/// Guesses which known name a misspelt one was meant to be, the same way for documents and conditions.
/// </summary>
internal static class Nearest
{
    private const int LongestName = 64;

    /// <summary>The nearest known name within a third of the length in edits, or null.</summary>
    public static string? To(string name, IEnumerable<string> known)
    {
        if (name.Length > LongestName)
        {
            return null;
        }

        return known
            .Where(static candidate => candidate.Length <= LongestName)
            .Select(candidate => (Name: candidate, Edits: Distance(name, candidate)))
            .Where(candidate => candidate.Edits <= Math.Max(1, (name.Length + 1) / 3))
            .OrderBy(static candidate => candidate.Edits)
            .ThenBy(static candidate => candidate.Name, StringComparer.Ordinal)
            .Select(static candidate => candidate.Name)
            .FirstOrDefault();
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours between two names, ignoring case.</summary>
    private static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            for (var j = 0; j <= right.Length; j++)
            {
                rows[i, j] = i == 0 || j == 0 ? i + j : Cell(rows, left, right, i, j);
            }
        }

        return rows[left.Length, right.Length];
    }

    private static int Cell(int[,] rows, string left, string right, int i, int j)
    {
        var differs = char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]) ? 0 : 1;
        var edits = Math.Min(Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1, rows[i - 1, j - 1] + differs);
        var isSwap = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
        return isSwap ? Math.Min(edits, rows[i - 2, j - 2] + 1) : edits;
    }
}
