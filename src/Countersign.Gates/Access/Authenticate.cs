namespace Countersign.Gates.Access;

/// <summary>Finds out who presents a bearer token; <c>null</c> when nobody registered does.</summary>
internal delegate Caller? Authenticate(string token);
