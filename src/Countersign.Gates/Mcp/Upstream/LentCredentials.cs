using System.Collections.Immutable;
using Countersign.Gates.Credentials;
using Countersign.Gates.Mcp.Wire;

namespace Countersign.Gates.Mcp.Upstream;

/// <summary>
/// The credentials that a server got for single calls over one connection. It may say one in the answer, before it, or
/// on another stream, so whatever it says is cleaned of all of them, before anybody sees it.
/// </summary>
internal sealed class LentCredentials
{
    /// <summary>How many calls a credential is remembered after its own, for what comes late.</summary>
    private const int Remembered = 8;

    private readonly Lock _lock = new();
    private ImmutableList<MintedCredential> _inUse = [];
    private ImmutableList<MintedCredential> _used = [];
    private volatile SecretMask? _mask;

    public void Lend(MintedCredential? credential)
    {
        if (credential is not null)
        {
            lock (_lock)
            {
                _inUse = _inUse.Add(credential);
                _mask = MaskOf(_inUse.AddRange(_used));
            }
        }
    }

    public void TakeBack(MintedCredential? credential)
    {
        if (credential is not null)
        {
            lock (_lock)
            {
                _inUse = _inUse.Remove(credential);
                _used = [credential, .. _used.Take(Remembered - 1)];
                _mask = MaskOf(_inUse.AddRange(_used));
            }
        }
    }

    /// <summary>The message without them; the same one when there is none in it.</summary>
    public T Clean<T>(T message)
        where T : RpcMessage
    {
        var clean = _mask?.Apply(message.Bytes) ?? message.Bytes;
        if (clean.Equals(message.Bytes))
        {
            return message;
        }

        // The names that make it a message are shorter than what is looked for.
        return RpcMessage.TryRead(clean, out var read) && read is T same
            ? same
            : throw new InvalidOperationException("Without a credential this is no message any more.");
    }

    private static SecretMask? MaskOf(ImmutableList<MintedCredential> credentials)
    {
        var secrets = credentials.SelectMany(credential => credential.Secrets).ToList();
        return secrets.Count == 0 ? null : new SecretMask(secrets, RawObject.MaxDepth);
    }
}
