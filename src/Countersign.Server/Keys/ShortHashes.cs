using System.Runtime.InteropServices;
using Countersign.Core.Ledger;

namespace Countersign.Server.Keys;

/// <summary>
/// SHA-256 of short texts by libcrypto's own functions for it, without the context, the providers and the cleaning of
/// errors that one call of .NET brings along. Where the library lacks them, or has to keep to its FIPS provider, .NET
/// goes on hashing.
/// </summary>
internal static unsafe class ShortHashes
{
    /// <summary>SHA256_CTX has 112 bytes (openssl/sha.h).</summary>
    private const int ContextBytes = 128;

    private static readonly Lazy<bool> s_used = new(TryUse);

    // A call is over in a tenth of a microsecond, so the garbage collector may wait for it.
    private static delegate* unmanaged[SuppressGCTransition]<byte*, int> s_init;
    private static delegate* unmanaged[SuppressGCTransition]<byte*, byte*, nuint, int> s_update;
    private static delegate* unmanaged[SuppressGCTransition]<byte*, byte*, int> s_final;

    /// <summary>Has the ledger hash with them from now on; whether it does.</summary>
    public static bool Use() => s_used.Value;

    private static bool TryUse()
    {
        if (LibCrypto.KeepsToFips()
            || LibCrypto.FindFunction("SHA256_Init") is not { } init
            || LibCrypto.FindFunction("SHA256_Update") is not { } update
            || LibCrypto.FindFunction("SHA256_Final") is not { } final)
        {
            return false;
        }

        s_init = (delegate* unmanaged[SuppressGCTransition]<byte*, int>)init;
        s_update = (delegate* unmanaged[SuppressGCTransition]<byte*, byte*, nuint, int>)update;
        s_final = (delegate* unmanaged[SuppressGCTransition]<byte*, byte*, int>)final;
        Hash32.Hasten(Compute);
        return true;
    }

    private static void Compute(ReadOnlySpan<byte> content, Span<byte> hash)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hash.Length, Hash32.Length);
        var context = stackalloc byte[ContextBytes];
        fixed (byte* from = content, to = hash)
        {
            // They fail only when they are given no context.
            _ = s_init(context);
            _ = s_update(context, from, (nuint)content.Length);
            _ = s_final(to, context);
        }
    }
}
