namespace Countersign.Gates.Access;

/// <summary>Finds out who shows this; <c>null</c> when nobody registered does.</summary>
internal delegate ValueTask<Caller?> Authenticate(Presented shown, CancellationToken cancellationToken);
