using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Countersign.Core.Ledger;

/// <summary>Four bytes that tell the keys of one name apart; they are a hint, never a proof.</summary>
public readonly record struct NoteKeyId(uint Value)
{
    public const int Length = sizeof(uint);

    /// <summary>SHA-256(name || LF || type || public key), first four bytes (C2SP signed-note).</summary>
    public static NoteKeyId Of(KeyName name, byte algorithm, ReadOnlySpan<byte> publicKey) =>
        Read(Hash32.Of([.. Encoding.UTF8.GetBytes(name.Value), (byte)'\n', algorithm, .. publicKey]).ToArray());

    /// <summary>Reads the big-endian form from the start of the bytes.</summary>
    public static NoteKeyId Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt32BigEndian(bytes));

    public static NoteKeyId ParseHex(string hex) =>
        LowerHex.Is(hex, 2 * Length)
            ? new NoteKeyId(uint.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))
            : throw new FormatException($"'{hex}' is not a key id: write eight lower-case hex digits.");

    public void CopyTo(Span<byte> destination) => BinaryPrimitives.WriteUInt32BigEndian(destination, Value);

    public override string ToString() => Value.ToString("x8", CultureInfo.InvariantCulture);
}
