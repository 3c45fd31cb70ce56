using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Countersign.Gates.Postgres.Parsing;

/// <summary>
/// SipHash-2-4 with 128 bits (Aumasson and Bernstein): a keyed hash for short texts. Who does not know the key cannot
/// find two texts of one hash, not even by trying.
/// </summary>
internal readonly struct SipHash
{
    public const int KeyBytes = 16;
    private const int WordBytes = sizeof(ulong);
    private const int FinalRounds = 4;

    private readonly ulong _key0;
    private readonly ulong _key1;

    public SipHash(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyBytes);
        _key0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
        _key1 = BinaryPrimitives.ReadUInt64LittleEndian(key[WordBytes..]);
    }

    public (ulong First, ulong Second) Compute(ReadOnlySpan<byte> message)
    {
        var state = new State(_key0, _key1);
        var rest = message;
        for (; rest.Length >= WordBytes; rest = rest[WordBytes..])
        {
            state.Take(BinaryPrimitives.ReadUInt64LittleEndian(rest));
        }

        // The last word holds what is left over, and the length in its highest byte.
        var last = (ulong)message.Length << 56;
        for (var i = 0; i < rest.Length; i++)
        {
            last |= (ulong)rest[i] << (8 * i);
        }

        state.Take(last);
        return state.End();
    }

    private struct State(ulong key0, ulong key1)
    {
        // "somepseudorandomlygeneratedbytes", as the paper has it; 0xEE marks the longer result.
        private ulong _v0 = key0 ^ 0x736F6D6570736575;
        private ulong _v1 = key1 ^ 0x646F72616E646F6D ^ 0xEE;
        private ulong _v2 = key0 ^ 0x6C7967656E657261;
        private ulong _v3 = key1 ^ 0x7465646279746573;

        public void Take(ulong word)
        {
            _v3 ^= word;
            Round();
            Round();
            _v0 ^= word;
        }

        public (ulong First, ulong Second) End()
        {
            _v2 ^= 0xEE;
            var first = Finish();
            _v1 ^= 0xDD;
            return (first, Finish());
        }

        private ulong Finish()
        {
            for (var i = 0; i < FinalRounds; i++)
            {
                Round();
            }

            return _v0 ^ _v1 ^ _v2 ^ _v3;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Round()
        {
            _v0 += _v1;
            _v2 += _v3;
            _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
            _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
            _v0 = BitOperations.RotateLeft(_v0, 32);
            _v2 += _v1;
            _v0 += _v3;
            _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
            _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
            _v2 = BitOperations.RotateLeft(_v2, 32);
        }
    }
}
