"""Field encryption of the register. It is at home in grids/encryption.py, where the sign-in's secrets need it too."""

from grids.encryption import EncryptedTextField, blind_index, decrypt, encrypt, keys

__all__ = ["EncryptedTextField", "blind_index", "decrypt", "encrypt", "keys"]
