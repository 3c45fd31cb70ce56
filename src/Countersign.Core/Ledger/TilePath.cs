using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Countersign.Core.Ledger;

/// <summary>
/// The address of a tile under the log's prefix (C2SP tlog-tiles): <c>tile/L/N[.p/W]</c> for hashes and
/// <c>tile/entries/N[.p/W]</c> for entry bundles. <see cref="ToString"/> is the inverse of <see cref="TryParse"/>.
/// </summary>
public abstract record TilePath
{
    private const string Root = "tile/";
    private const string EntriesRoot = "entries";
    private const string PartialMark = ".p/";
    private const int GroupBase = 1000;

    // x000/ to x999/ for each of the six groups of the largest index, its last group, a level, the marks: 100 is ample.
    private const int MaxLength = 100;

    private TilePath(TileId tile) => Tile = tile;

    /// <summary>The tile; an entry bundle shares index and width with the tile of level 0.</summary>
    public TileId Tile { get; }

    public static bool TryParse(string text, [NotNullWhen(true)] out TilePath? path)
    {
        path = text.Length <= MaxLength && text.StartsWith(Root, StringComparison.Ordinal)
            ? Read(text[Root.Length..])
            : null;

        // One spelling per tile, else caches and audits see one file under two names: no leading zeros, no empty
        // groups, no width of 256, no upper case. Spelling it again says all of that at once.
        if (path is not null && path.ToString() != text)
        {
            path = null;
        }

        return path is not null;
    }

    public sealed override string ToString()
    {
        var level = this is Entries ? EntriesRoot : Tile.Level.ToString(CultureInfo.InvariantCulture);
        var partial = Tile.IsFull ? "" : PartialMark + Tile.Width.ToString(CultureInfo.InvariantCulture);
        return $"{Root}{level}/{SpellIndex(Tile.Index)}{partial}";
    }

    private static TilePath? Read(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var mark = text.IndexOf(PartialMark, StringComparison.Ordinal);
        var width = (long)TileId.FullWidth;
        if (slash < 0
            || (mark >= 0 && !TryReadNumber(text[(mark + PartialMark.Length)..], TileId.FullWidth, out width)))
        {
            return null;
        }

        var index = ReadIndex(text[(slash + 1)..(mark < 0 ? text.Length : Math.Max(mark, slash + 1))]);
        var root = text[..slash];
        long level = 0;
        var known = root == EntriesRoot || TryReadNumber(root, TileId.MaxLevel, out level);
        if (!known || index is null || width < 1)
        {
            return null;
        }

        var tile = new TileId((int)level, index.Value, (int)width);
        return root == EntriesRoot ? new Entries(tile) : new Hashes(tile);
    }

    private static long? ReadIndex(string text)
    {
        long index = 0;
        foreach (var group in text.Split('/'))
        {
            if (!TryReadNumber(group.TrimStart('x'), GroupBase - 1, out var digits)
                || index > TileId.MaxIndex / GroupBase)
            {
                return null;
            }

            index = (index * GroupBase) + digits;
        }

        return index <= TileId.MaxIndex ? index : null;
    }

    private static bool TryReadNumber(string text, long most, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= most;

    private static string SpellIndex(long index) =>
        index < GroupBase ? $"{index:000}" : $"{SpellLeadingGroups(index / GroupBase)}{index % GroupBase:000}";

    private static string SpellLeadingGroups(long groups) =>
        groups < GroupBase ? $"x{groups:000}/" : $"{SpellLeadingGroups(groups / GroupBase)}x{groups % GroupBase:000}/";

    /// <summary>A tile of hashes.</summary>
    public sealed record Hashes(TileId Id) : TilePath(Id);

    /// <summary>The bundle of the entries below a tile of level 0.</summary>
    public sealed record Entries : TilePath
    {
        public Entries(TileId tile)
            : base(tile) => ArgumentOutOfRangeException.ThrowIfNotEqual(tile.Level, 0);
    }
}
