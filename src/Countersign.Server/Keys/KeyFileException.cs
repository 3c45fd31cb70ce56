namespace Countersign.Server.Keys;

/// <summary>A key file that must not, or cannot, be used.</summary>
internal sealed class KeyFileException(string path, string reason, Exception? cause = null)
    : Exception($"The key file '{path}' is refused: {reason.TrimEnd('.')}.", cause);
