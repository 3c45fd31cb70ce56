using System.Collections.Immutable;

namespace Countersign.Server.Console.Views;

/// <summary>What became of one line.</summary>
public enum LineChange
{
    Kept,
    Removed,
    Added,
}

/// <summary>One line of a comparison.</summary>
public sealed record DiffLine(LineChange Change, string Text);

/// <summary>
/// Compares two texts by their lines: the longest sequence of lines that both have is kept (Hunt and McIlroy, 1976).
/// </summary>
internal static class LineDiff
{
    /// <summary>More lines are shown one text after the other.</summary>
    private const int MostLines = 1_000;

    public static ImmutableArray<DiffLine> Of(string before, string after)
    {
        var (old, now) = (before.Split('\n'), after.Split('\n'));
        return old.Length > MostLines || now.Length > MostLines
            ? [.. old.Select(Removed), .. now.Select(Added)]
            : [.. Walk(old, now, LengthsOf(old, now))];
    }

    /// <summary>Element <c>[i, j]</c>: how many lines the rests from i and j on have in common, in order.</summary>
    private static int[,] LengthsOf(string[] old, string[] now)
    {
        var lengths = new int[old.Length + 1, now.Length + 1];
        for (var i = old.Length - 1; i >= 0; i--)
        {
            for (var j = now.Length - 1; j >= 0; j--)
            {
                lengths[i, j] = old[i] == now[j]
                    ? lengths[i + 1, j + 1] + 1
                    : Math.Max(lengths[i + 1, j], lengths[i, j + 1]);
            }
        }

        return lengths;
    }

    private static IEnumerable<DiffLine> Walk(string[] old, string[] now, int[,] lengths)
    {
        var (i, j) = (0, 0);
        while (i < old.Length && j < now.Length)
        {
            if (old[i] == now[j])
            {
                yield return new DiffLine(LineChange.Kept, old[i]);
                (i, j) = (i + 1, j + 1);
            }
            else if (lengths[i + 1, j] >= lengths[i, j + 1])
            {
                yield return Removed(old[i++]);
            }
            else
            {
                yield return Added(now[j++]);
            }
        }

        foreach (var line in old[i..].Select(Removed).Concat(now[j..].Select(Added)))
        {
            yield return line;
        }
    }

    private static DiffLine Removed(string line) => new(LineChange.Removed, line);

    private static DiffLine Added(string line) => new(LineChange.Added, line);
}
