using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Countersign.Core;
using Countersign.Server.Keys;
using Microsoft.Win32.SafeHandles;

namespace Countersign.Server.Storage.Journal;

/// <summary>
/// One file of the journal. Its length is given from the beginning, so that a flush writes data and no metadata.
/// </summary>
/// <remarks>
/// A page of head: magic, number, marker, the sealed data key. Then frames: the marker, the length of what was
/// encrypted, AES-256-GCM under the data key with the frame's number as nonce. The marker is drawn for each file; so
/// what looks like a frame behind a broken one says that something durable was damaged, and its absence that the last
/// write was never finished.
/// </remarks>
internal sealed partial class JournalSegment : IDisposable
{
    public const int HeadBytes = 4096;
    public const int MarkerBytes = 16;
    public const int FrameOverhead = MarkerBytes + sizeof(int) + TagBytes;

    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly SafeFileHandle _file;
    private readonly byte[] _marker;
    private readonly AesGcm _gcm;
    private readonly long _length;
    private byte[] _frame = [];
    private long _position = HeadBytes;
    private uint _frames;

    private JournalSegment(string path, long number, SafeFileHandle file, byte[] marker, AesGcm gcm, long length) =>
        (Path, Number, _file, _marker, _gcm, _length) = (path, number, file, marker, gcm, length);

    public static ReadOnlySpan<byte> Magic => "countersign-reads-v1\n"u8;

    public string Path { get; }

    /// <summary>Later ones have larger numbers.</summary>
    public long Number { get; }

    /// <summary>Makes the file, and makes its length and head durable.</summary>
    /// <exception cref="IOException">There is no room for it, or it exists.</exception>
    public static JournalSegment Create(string path, long number, long length, PayloadVault vault, FillRandom random)
    {
        Span<byte> fresh = stackalloc byte[KeyBytes + MarkerBytes];
        random(fresh);
        var marker = fresh[KeyBytes..].ToArray();
        // Others are kept away by the store's lock, for all of its files.
        const FileShare everybody = FileShare.ReadWrite | FileShare.Delete;
        using var stream = OwnerOnlyFile.Open(path, FileMode.CreateNew, FileAccess.Write, everybody);
        var zeros = new byte[64 * 1024];
        for (var written = 0L; written < length; written += zeros.Length)
        {
            stream.Write(zeros, 0, (int)Math.Min(zeros.Length, length - written));
        }

        stream.Flush(flushToDisk: true);
        stream.Position = 0;
        stream.Write(HeadOf(number, marker, vault.SealValue(fresh[..KeyBytes], ContextOf(number))));
        stream.Flush(flushToDisk: true);
        stream.Dispose();
        DurableFolder.FlushOf(path);
        var file = OpenDurable(path);
        var gcm = new AesGcm(fresh[..KeyBytes], TagBytes);
        CryptographicOperations.ZeroMemory(fresh);
        return new JournalSegment(path, number, file, marker, gcm, length);
    }

    public bool HasRoomFor(int bytes) => _position + FrameOverhead + bytes <= _length;

    /// <summary>Writes one frame; it is durable when this returns.</summary>
    /// <exception cref="IOException">It may not be, and the file takes nothing more.</exception>
    public void Write(ReadOnlySpan<byte> plain)
    {
        var size = FrameOverhead + plain.Length;
        if (_frame.Length < size)
        {
            _frame = new byte[Math.Max(size, 2 * _frame.Length)];
        }

        var frame = _frame.AsSpan(0, size);
        _marker.CopyTo(frame);
        BinaryPrimitives.WriteInt32BigEndian(frame[MarkerBytes..], plain.Length);
        _gcm.Encrypt(
            NonceOf(_frames, stackalloc byte[NonceBytes]),
            plain,
            frame.Slice(MarkerBytes + sizeof(int), plain.Length),
            frame[^TagBytes..],
            frame[..(MarkerBytes + sizeof(int))]);
        RandomAccess.Write(_file, frame, _position);
        _position += size;
        _frames++;
    }

    public void Dispose()
    {
        _file.Dispose();
        _gcm.Dispose();
    }

    /// <summary>What the file of that number seals its key as.</summary>
    public static string ContextOf(long number) => $"countersign-reads-v1\n{number}";

    /// <summary>Decrypts a frame's content; <c>null</c> when it is not one that was written as a whole.</summary>
    public static byte[]? Open(AesGcm gcm, ReadOnlySpan<byte> frame, uint number)
    {
        const int Head = MarkerBytes + sizeof(int);
        var plain = new byte[frame.Length - FrameOverhead];
        try
        {
            gcm.Decrypt(
                NonceOf(number, stackalloc byte[NonceBytes]),
                frame[Head..^TagBytes],
                frame[^TagBytes..],
                plain,
                frame[..Head]);
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    public static AesGcm Cipher(ReadOnlySpan<byte> key) => new(key, TagBytes);

    private static byte[] HeadOf(long number, ReadOnlySpan<byte> marker, ReadOnlySpan<byte> sealedKey)
    {
        var head = new byte[HeadBytes];
        Magic.CopyTo(head);
        var rest = head.AsSpan(Magic.Length);
        BinaryPrimitives.WriteInt64BigEndian(rest, number);
        marker.CopyTo(rest[sizeof(long)..]);
        BinaryPrimitives.WriteInt32BigEndian(rest[(sizeof(long) + MarkerBytes)..], sealedKey.Length);
        sealedKey.CopyTo(rest[(sizeof(long) + MarkerBytes + sizeof(int))..]);
        return head;
    }

    private static ReadOnlySpan<byte> NonceOf(uint frame, Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(nonce[(NonceBytes - sizeof(uint))..], frame);
        return nonce;
    }

    /// <summary>
    /// Every write is durable when it returns. .NET's own write-through is O_SYNC, which writes the time of change as
    /// well; the length never changes here, so O_DSYNC loses nothing and costs a part of it.
    /// </summary>
    private static SafeFileHandle OpenDurable(string path)
    {
        const int Flags = 0x1 /* O_WRONLY */ | 0x1000 /* O_DSYNC */ | 0x80000 /* O_CLOEXEC */;
        var descriptor = open(path, Flags);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"'{path}' cannot be opened: errno {Marshal.GetLastPInvokeError()}.");
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);
}
