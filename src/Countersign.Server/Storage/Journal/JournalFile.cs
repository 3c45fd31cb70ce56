using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Countersign.Core.Actions;
using Countersign.Core.Storage;

namespace Countersign.Server.Storage.Journal;

/// <summary>Reads what a journal's files hold, after whoever wrote them is gone.</summary>
internal static class JournalFile
{
    private const int NumberDigits = 12;

    public static string PathOf(string store, long number) =>
        $"{store}-reads-{number.ToString($"D{NumberDigits}", CultureInfo.InvariantCulture)}";

    /// <summary>The journal's files beside a store, in the order in which they were begun.</summary>
    public static ImmutableArray<(string Path, long Number)> Find(string store)
    {
        var prefix = $"{Path.GetFileName(store)}-reads-";
        var folder = Path.GetDirectoryName(Path.GetFullPath(store))!;
        return
        [
            .. Directory.EnumerateFiles(folder, $"{prefix}*")
                .Select(path => (path, Path.GetFileName(path)[prefix.Length..]))
                .Where(file => file.Item2.Length == NumberDigits && file.Item2.All(char.IsAsciiDigit))
                .Select(file => (file.path, long.Parse(file.Item2, CultureInfo.InvariantCulture)))
                .OrderBy(file => file.Item2),
        ];
    }

    /// <summary>All records of all files, and why some may be missing.</summary>
    public static JournalRemains Read(ImmutableArray<(string Path, long Number)> files, PayloadVault vault)
    {
        var records = ImmutableArray.CreateBuilder<JournalRecord>();
        var whyNotWhole = WhyNotInARow(files);
        foreach (var (path, number) in files)
        {
            if (Read(ReadAll(path), number, vault, records) is { } why)
            {
                whyNotWhole ??= $"{Path.GetFileName(path)}: {why}";
            }
        }

        return new JournalRemains(records.ToImmutable(), whyNotWhole);
    }

    private static byte[] ReadAll(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Files go in the order in which they came, so none is missing between two.</summary>
    private static string? WhyNotInARow(ImmutableArray<(string Path, long Number)> files)
    {
        for (var i = 1; i < files.Length; i++)
        {
            if (files[i].Number != files[i - 1].Number + 1)
            {
                return $"File {files[i - 1].Number + 1} of the journal is missing.";
            }
        }

        return null;
    }

    private static string? Read(
        ReadOnlyMemory<byte> file, long number, PayloadVault vault, ImmutableArray<JournalRecord>.Builder records)
    {
        var bytes = file.Span;
        var head = bytes[..Math.Min(bytes.Length, JournalSegment.HeadBytes)];
        if (head.IndexOfAnyExcept((byte)0) < 0)
        {
            // It was being made, and held nothing yet.
            return null;
        }

        if (TryReadHead(head, number, vault) is not var (marker, key))
        {
            return "Its head cannot be read.";
        }

        using var gcm = JournalSegment.Cipher(key);
        var at = JournalSegment.HeadBytes;
        for (uint frame = 0; TakeFrame(bytes[at..], marker) is { Length: > 0 } taken; frame++)
        {
            if (JournalSegment.Open(gcm, taken, frame) is not { } plain || !TryRead(plain, records))
            {
                break;
            }

            at += taken.Length;
        }

        var rest = bytes[Math.Min(bytes.Length, at + 1)..];
        return rest.IndexOf(marker) < 0 ? null : "A record in the middle of it is damaged.";
    }

    private static (byte[] Marker, byte[] Key)? TryReadHead(
        ReadOnlySpan<byte> head, long number, PayloadVault vault)
    {
        var magic = JournalSegment.Magic;
        if (head.Length < JournalSegment.HeadBytes
            || !head.StartsWith(magic)
            || BinaryPrimitives.ReadInt64BigEndian(head[magic.Length..]) != number)
        {
            return null;
        }

        var rest = head[(magic.Length + sizeof(long))..];
        var marker = rest[..JournalSegment.MarkerBytes].ToArray();
        rest = rest[JournalSegment.MarkerBytes..];
        var length = BinaryPrimitives.ReadInt32BigEndian(rest);
        rest = rest[sizeof(int)..];
        if (length < 0 || length > rest.Length)
        {
            return null;
        }

        try
        {
            return (marker, vault.OpenValue(rest[..length], JournalSegment.ContextOf(number)));
        }
        catch (Exception e) when (e is StoreUnavailableException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The next frame with all of its bytes; empty where none begins or it is cut off.</summary>
    private static ReadOnlySpan<byte> TakeFrame(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> marker)
    {
        if (bytes.Length < JournalSegment.FrameOverhead || !bytes.StartsWith(marker))
        {
            return [];
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(bytes[marker.Length..]);
        return length < 0 || length > bytes.Length - JournalSegment.FrameOverhead
            ? []
            : bytes[..(JournalSegment.FrameOverhead + length)];
    }

    /// <summary>A frame is records: length and text of the subject, length and bytes of the record.</summary>
    private static bool TryRead(ReadOnlyMemory<byte> plain, ImmutableArray<JournalRecord>.Builder records)
    {
        while (!plain.IsEmpty)
        {
            if (!TryTake(ref plain, out var subject)
                || !TryTake(ref plain, out var record)
                || !ActionId.TryParse(Encoding.ASCII.GetString(subject.Span), out var id))
            {
                return false;
            }

            records.Add(new JournalRecord(id, record));
        }

        return true;
    }

    private static bool TryTake(ref ReadOnlyMemory<byte> rest, out ReadOnlyMemory<byte> taken)
    {
        taken = default;
        if (rest.Length < sizeof(int))
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32BigEndian(rest.Span);
        if (length < 0 || length > rest.Length - sizeof(int))
        {
            return false;
        }

        taken = rest.Slice(sizeof(int), length);
        rest = rest[(sizeof(int) + length)..];
        return true;
    }
}
