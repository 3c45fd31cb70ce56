using System.Globalization;

namespace Countersign.Core.Ledger;

/// <summary>
/// The head of a log: who, how many entries, and the root over them (C2SP tlog-checkpoint). It holds no time.
/// </summary>
public sealed class Checkpoint
{
    private const int FixedLines = 3;

    /// <summary>Throws <see cref="FormatException"/> if the log could not have this head.</summary>
    public Checkpoint(LogOrigin origin, long size, Hash32 root, IReadOnlyList<string> extensions)
    {
        if (size < 0 || (size == 0 && root != MerkleTree.EmptyRoot))
        {
            throw new FormatException(
                $"The checkpoint of '{origin}' has size {size} with root {root}, which no tree has.");
        }

        if (extensions.Any(static line => line.Length == 0 || !NoteText.IsLine(line)))
        {
            throw new FormatException($"The checkpoint of '{origin}' has an extension that is not one line of text.");
        }

        (Origin, Size, Root, Extensions) = (origin, size, root, extensions);
    }

    public LogOrigin Origin { get; }

    public long Size { get; }

    public Hash32 Root { get; }

    /// <summary>Lines of other logs that we keep but give no meaning; our own checkpoints have none.</summary>
    public IReadOnlyList<string> Extensions { get; }

    /// <summary>
    /// Reads the text of a note; throws <see cref="FormatException"/> if it is not a checkpoint in its one spelling.
    /// </summary>
    public static Checkpoint Parse(ReadOnlySpan<byte> text)
    {
        var lines = NoteText.Decode(text).Split('\n');
        if (lines.Length <= FixedLines || lines[^1].Length > 0)
        {
            throw new FormatException("The checkpoint is incomplete: expected the lines origin, size and root.");
        }

        return new Checkpoint(
            new LogOrigin(lines[0]), ParseSize(lines[1]), Hash32.ParseBase64(lines[2]), lines[FixedLines..^1]);
    }

    /// <summary>The text to be signed, inverse of <see cref="Parse"/>.</summary>
    public byte[] ToText() => NoteText.Encode(
        $"{Origin}\n{Size}\n{Root.ToBase64()}\n{string.Concat(Extensions.Select(static line => $"{line}\n"))}");

    private static long ParseSize(string line) =>
        long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
        && size.ToString(CultureInfo.InvariantCulture) == line
            ? size
            : throw new FormatException($"'{line}' is not a tree size: write a decimal number without leading zeros.");
}
