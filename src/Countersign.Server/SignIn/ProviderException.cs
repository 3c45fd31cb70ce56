namespace Countersign.Server.SignIn;

/// <summary>
/// An issuer or provider cannot be asked now, or answers what cannot be understood. The text names who and why.
/// </summary>
internal sealed class ProviderException(string message) : Exception(message);
