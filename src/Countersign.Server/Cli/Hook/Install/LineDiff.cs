using System.Text;

namespace Countersign.Server.Cli.Hook.Install;

/// <summary>What changes between two texts, line by line.</summary>
internal static class LineDiff
{
    private const int Context = 2;

    /// <summary>Settings are small; of larger ones the whole is shown as replaced.</summary>
    private const int MostLines = 2000;

    public static string Of(string before, string after)
    {
        var (old, next) = (LinesOf(before), LinesOf(after));
        var edits = old.Length > MostLines || next.Length > MostLines
            ? [.. old.Select(line => ('-', line)), .. next.Select(line => ('+', line))]
            : Edits(old, next);
        var shown = new StringBuilder();
        for (var at = 0; at < edits.Count; at++)
        {
            var from = Math.Max(0, at - Context);
            if (edits.Skip(from).Take(at + Context + 1 - from).Any(edit => edit.Sign != ' '))
            {
                shown.Append(edits[at].Sign).Append(' ').Append(edits[at].Line).Append('\n');
            }
        }

        return shown.ToString();
    }

    private static string[] LinesOf(string text) => text.Length == 0 ? [] : text.TrimEnd('\n').Split('\n');

    /// <summary>By the longest common sequence of lines.</summary>
    private static List<(char Sign, string Line)> Edits(string[] old, string[] next)
    {
        var common = new int[old.Length + 1, next.Length + 1];
        for (var i = old.Length - 1; i >= 0; i--)
        {
            for (var j = next.Length - 1; j >= 0; j--)
            {
                common[i, j] = old[i] == next[j]
                    ? common[i + 1, j + 1] + 1
                    : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        var edits = new List<(char, string)>();
        var (a, b) = (0, 0);
        while (a < old.Length || b < next.Length)
        {
            if (a < old.Length && b < next.Length && old[a] == next[b])
            {
                edits.Add((' ', old[a++]));
                b++;
            }
            else if (a < old.Length && (b == next.Length || common[a + 1, b] >= common[a, b + 1]))
            {
                edits.Add(('-', old[a++]));
            }
            else
            {
                edits.Add(('+', next[b++]));
            }
        }

        return edits;
    }
}
