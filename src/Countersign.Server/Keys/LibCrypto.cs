using System.Reflection;
using System.Runtime.InteropServices;

namespace Countersign.Server.Keys;

/// <summary>
/// The few functions of OpenSSL's libcrypto that sign with Ed25519, which .NET does not offer. On Linux it is the
/// library that .NET itself uses for TLS, so it is there already.
/// </summary>
internal static partial class LibCrypto
{
    /// <summary>NID_ED25519 of obj_mac.h.</summary>
    private const int Ed25519 = 1087;

    private const int Succeeded = 1;
    private const string Library = "libcrypto";

    private static readonly string[] FileNames =
        ["libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.3.dylib", "libcrypto-3-x64.dll"];

    private static readonly Lazy<nint> s_library =
        new(() => Resolve(Library, typeof(LibCrypto).Assembly, searchPath: null));

    static LibCrypto() => NativeLibrary.SetDllImportResolver(typeof(LibCrypto).Assembly, Resolve);

    /// <summary>Makes a key from its 32-byte seed (RFC 8032 section 5.1.5).</summary>
    public static KeyHandle LoadPrivateKey(ReadOnlySpan<byte> seed)
    {
        var key = EVP_PKEY_new_raw_private_key(Ed25519, nint.Zero, seed, (nuint)seed.Length);
        return key.IsInvalid ? throw Failed(nameof(EVP_PKEY_new_raw_private_key)) : key;
    }

    /// <summary>Writes the 32-byte public key.</summary>
    public static void GetPublicKey(KeyHandle key, Span<byte> publicKey)
    {
        var length = (nuint)publicKey.Length;
        Check(EVP_PKEY_get_raw_public_key(key, publicKey, ref length), nameof(EVP_PKEY_get_raw_public_key));
    }

    /// <summary>
    /// Writes the 64-byte signature. A key may be used by several threads; the context is this call's own.
    /// </summary>
    public static void Sign(KeyHandle key, ReadOnlySpan<byte> message, Span<byte> signature)
    {
        using var context = EVP_MD_CTX_new();
        if (context.IsInvalid)
        {
            throw Failed(nameof(EVP_MD_CTX_new));
        }

        // Ed25519 brings its own hash, hence no digest; and it signs a message in one call only.
        Check(EVP_DigestSignInit(context, nint.Zero, nint.Zero, nint.Zero, key), nameof(EVP_DigestSignInit));
        var length = (nuint)signature.Length;
        Check(EVP_DigestSign(context, signature, ref length, message, (nuint)message.Length), nameof(EVP_DigestSign));
    }

    /// <summary>Makes a key that verifies from its 32 bytes.</summary>
    public static KeyHandle LoadPublicKey(ReadOnlySpan<byte> publicKey)
    {
        var key = EVP_PKEY_new_raw_public_key(Ed25519, nint.Zero, publicKey, (nuint)publicKey.Length);
        return key.IsInvalid ? throw Failed(nameof(EVP_PKEY_new_raw_public_key)) : key;
    }

    /// <summary>Whether the key signed the message.</summary>
    public static bool Verify(KeyHandle key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        using var context = EVP_MD_CTX_new();
        if (context.IsInvalid)
        {
            throw Failed(nameof(EVP_MD_CTX_new));
        }

        Check(
            EVP_DigestVerifyInit(context, nint.Zero, nint.Zero, nint.Zero, key), nameof(EVP_DigestVerifyInit));
        return EVP_DigestVerify(
            context, signature, (nuint)signature.Length, message, (nuint)message.Length) == Succeeded;
    }

    /// <summary>The address of a function that not every build of the library has.</summary>
    public static nint? FindFunction(string name) =>
        NativeLibrary.TryGetExport(s_library.Value, name, out var address) ? address : null;

    /// <summary>Whether an administrator had OpenSSL use validated implementations only.</summary>
    public static bool KeepsToFips() =>
        FindFunction(nameof(EVP_default_properties_is_fips_enabled)) is not null
        && EVP_default_properties_is_fips_enabled(nint.Zero) == Succeeded;

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Library)
        {
            return nint.Zero;
        }

        foreach (var fileName in FileNames)
        {
            if (NativeLibrary.TryLoad(fileName, assembly, searchPath, out var handle))
            {
                return handle;
            }
        }

        throw new LibCryptoMissingException(FileNames);
    }

    private static void Check(int result, string function)
    {
        if (result != Succeeded)
        {
            throw Failed(function);
        }
    }

    private static InvalidOperationException Failed(string function) =>
        new($"OpenSSL's {function} failed with code 0x{ERR_get_error():x}. "
            + "Run 'openssl errstr' with the code for its text.");

    [LibraryImport(Library)]
    private static partial int EVP_default_properties_is_fips_enabled(nint context);

    [LibraryImport(Library)]
    private static partial KeyHandle EVP_PKEY_new_raw_private_key(
        int type, nint engine, ReadOnlySpan<byte> key, nuint keyLength);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_get_raw_public_key(
        KeyHandle key, Span<byte> publicKey, ref nuint length);

    [LibraryImport(Library)]
    private static partial KeyHandle EVP_PKEY_new_raw_public_key(
        int type, nint engine, ReadOnlySpan<byte> key, nuint keyLength);

    [LibraryImport(Library)]
    private static partial int EVP_DigestVerifyInit(
        DigestContextHandle context, nint keyContext, nint digest, nint engine, KeyHandle key);

    [LibraryImport(Library)]
    private static partial int EVP_DigestVerify(
        DigestContextHandle context,
        ReadOnlySpan<byte> signature,
        nuint signatureLength,
        ReadOnlySpan<byte> message,
        nuint messageLength);

    [LibraryImport(Library)]
    private static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Library)]
    private static partial DigestContextHandle EVP_MD_CTX_new();

    [LibraryImport(Library)]
    private static partial void EVP_MD_CTX_free(nint context);

    [LibraryImport(Library)]
    private static partial int EVP_DigestSignInit(
        DigestContextHandle context, nint keyContext, nint digest, nint engine, KeyHandle key);

    [LibraryImport(Library)]
    private static partial int EVP_DigestSign(
        DigestContextHandle context,
        Span<byte> signature,
        ref nuint signatureLength,
        ReadOnlySpan<byte> message,
        nuint messageLength);

    [LibraryImport(Library)]
    private static partial nuint ERR_get_error();

    /// <summary>An EVP_PKEY; freeing it also clears the key from memory.</summary>
    internal sealed class KeyHandle() : SafeHandle(nint.Zero, ownsHandle: true)
    {
        public override bool IsInvalid => handle == nint.Zero;

        protected override bool ReleaseHandle()
        {
            EVP_PKEY_free(handle);
            return true;
        }
    }

    /// <summary>An EVP_MD_CTX.</summary>
    internal sealed class DigestContextHandle() : SafeHandle(nint.Zero, ownsHandle: true)
    {
        public override bool IsInvalid => handle == nint.Zero;

        protected override bool ReleaseHandle()
        {
            EVP_MD_CTX_free(handle);
            return true;
        }
    }
}
