using System.Text;

namespace Countersign.Core.Redaction.Secrets;

/// <summary>One kind of token: its name, the prefixes that it may have, and the form of what follows.</summary>
internal sealed record TokenRow(string Name, string[] Prefixes, TokenShape Shape)
{
    /// <summary>Reads <c>name prefix|prefix form</c>.</summary>
    public static TokenRow Parse(string line)
    {
        var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new TokenRow(columns[0], columns[1].Split('|'), TokenShape.Parse(columns[2]));
    }

    public int EndOf(ReadOnlySpan<byte> text, int at, byte[] prefix, TokenRuns runs, ref long steps) =>
        text[at..].StartsWith(prefix) ? Shape.EndOf(text, at + prefix.Length, runs, ref steps) : 0;

    public IEnumerable<byte[]> PrefixBytes => Prefixes.Select(Encoding.ASCII.GetBytes);
}
